/** Lets the app open without a network. */

/** Registers the service worker, where the browser has one (https, or this machine) and the page has been shown. */
export const keepApp = (): void => {
  if (!('serviceWorker' in navigator)) return
  const register = () =>
    navigator.serviceWorker
      .register('/sw.js', { scope: '/' })
      .catch((error: unknown) => console.warn('the app is not kept on this device:', error))
  if (document.readyState === 'complete') void register()
  else addEventListener('load', register, { once: true })
}
