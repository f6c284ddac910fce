/** An icon of Lucide, drawn in the colour of the letters around it; it says nothing to screen readers. */
import type { IconNode } from 'lucide'
import { h } from 'preact'

export const Icon = ({ of }: { readonly of: IconNode }) => (
  <svg
    class="icon"
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    {of.map(([tag, attributes]) => h(tag, attributes))}
  </svg>
)
