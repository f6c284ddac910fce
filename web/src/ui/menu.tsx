/** A button that opens a list of actions; arrow keys walk, Escape and a click elsewhere close it. */
import type { IconNode } from 'lucide'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from './icon.tsx'

export interface MenuParts {
  readonly icon: IconNode
  readonly label: string
  /** Words beside the icon; without them the label is heard only. */
  readonly words?: string
  readonly children: ComponentChildren
}

export const Menu = ({ icon, label, words, children }: MenuParts) => {
  const [isOpen, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const items = () =>
    [...(root.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])].filter((item) => item.checkVisibility())

  useEffect(() => {
    if (!isOpen) return
    if (list.current !== null) keepInside(list.current)
    items()[0]?.focus()
    const leave = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false)
    }
    document.addEventListener('pointerdown', leave)
    return () => document.removeEventListener('pointerdown', leave)
  }, [isOpen])

  const onKeyDown = (event: KeyboardEvent) => {
    if (!isOpen) return
    if (event.key === 'Escape' || event.key === 'Tab') {
      setOpen(false)
      if (event.key === 'Escape') button.current?.focus()
      return
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const all = items()
    all.at((all.indexOf(document.activeElement as HTMLElement) + step) % all.length)?.focus()
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of its buttons come by here
    <div class="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        ref={button}
        class={words === undefined ? 'button quiet round' : 'button'}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon of={icon} />
        {words}
      </button>
      {isOpen && (
        // biome-ignore lint/a11y/useKeyWithClickEvents: keys click its buttons
        <div ref={list} class="menu-list" role="menu" aria-label={label} tabIndex={-1} onClick={() => setOpen(false)}>
          {children}
        </div>
      )}
    </div>
  )
}

const MARGIN_PX = 8

/** Moves a list that would leave the window. */
const keepInside = (list: HTMLElement): void => {
  const { right, bottom } = list.getBoundingClientRect()
  const x = Math.min(0, innerWidth - MARGIN_PX - right)
  const y = Math.min(0, innerHeight - MARGIN_PX - bottom)
  list.style.translate = `${x}px ${y}px`
}

export const MenuItem = ({
  icon,
  act,
  children,
}: {
  readonly icon: IconNode
  readonly act: () => void
  readonly children: ComponentChildren
}) => (
  <button type="button" role="menuitem" class="button quiet" onClick={act}>
    <Icon of={icon} />
    {children}
  </button>
)
