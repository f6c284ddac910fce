declare module 'react-test-renderer' {
  import type { ReactElement } from 'react'
  export const act: (work: () => void | Promise<void>) => Promise<void>
  export const create: (element: ReactElement) => { unmount(): void }
}
