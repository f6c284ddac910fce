/** A style is linked when it is imported; nothing comes of it. */
declare module '*.css'
