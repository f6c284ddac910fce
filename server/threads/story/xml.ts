/** Markup that is well-formed as XML and as HTML alike. */
import { html, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

export type Markup = HtmlEscapedString

type Value = string | number | Markup | null | readonly (string | Markup)[]

/** Characters that no XML document may hold, however they are written. */
const ILLEGAL = /[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

/** A template whose values are escaped, unless they are markup themselves. */
export const xml = (template: TemplateStringsArray, ...values: readonly Value[]): Markup =>
  // It answers with a promise only where one was among the values.
  html(template, ...values.map(legal)) as Markup

/** Text that is markup already. */
export const markup = (text: string): Markup => raw(text)

/** Markups one after another, a line each. */
export const lines = (each: readonly Markup[]): Markup => raw(each.join('\n'))

const legal = (value: Value): unknown => {
  if (typeof value === 'string') return value.replace(ILLEGAL, '')
  return Array.isArray(value) ? value.map(legal) : value
}
