/** What a page may hold. The names are those of ProseMirror’s schema and of Yjs: other clients and exports read them. */
import type { Extensions } from '@tiptap/core'
import { Blockquote } from '@tiptap/extension-blockquote'
import { Bold } from '@tiptap/extension-bold'
import { Document } from '@tiptap/extension-document'
import { HardBreak } from '@tiptap/extension-hard-break'
import { Heading } from '@tiptap/extension-heading'
import { Italic } from '@tiptap/extension-italic'
import { BulletList } from '@tiptap/extension-list/bullet-list'
import { ListItem } from '@tiptap/extension-list/item'
import { ListKeymap } from '@tiptap/extension-list/keymap'
import { OrderedList } from '@tiptap/extension-list/ordered-list'
import { Paragraph } from '@tiptap/extension-paragraph'
import { Text } from '@tiptap/extension-text'
import { type PictureParts, picture } from './picture.ts'

/** Headings begin below the page's title. */
const LEVELS = [2, 3] as const

export const pageExtensions = (pictures: PictureParts): Extensions => [
  Document,
  Paragraph,
  Text,
  Heading.configure({ levels: [...LEVELS] }),
  Bold,
  Italic,
  BulletList,
  OrderedList,
  ListItem,
  ListKeymap,
  Blockquote,
  HardBreak,
  picture(pictures),
]
