/** The story that a first start shows: short, and about what the service promises. */

/** Words, or words with a mark. */
export type Phrase = string | readonly ['bold' | 'italic', string]

export type Passage =
  | { readonly kind: 'paragraph' | 'quote'; readonly words: readonly Phrase[] }
  | { readonly kind: 'heading'; readonly words: readonly Phrase[] }
  | { readonly kind: 'list'; readonly items: readonly (readonly Phrase[])[] }
  | { readonly kind: 'picture'; readonly file: string; readonly alt: string }

export interface Page {
  readonly id: string
  readonly title: string
  readonly passages: readonly Passage[]
}

const paragraph = (...words: readonly Phrase[]): Passage => ({ kind: 'paragraph', words })
const picture = (file: string, alt: string): Passage => ({ kind: 'picture', file, alt })

export const STORY = 'the-green-lamp'
export const TITLE = 'The Green Lamp'
export const COVER = 'keeper.png'

export const PAGES: readonly Page[] = [
  {
    id: 'the-keeper',
    title: 'The keeper',
    passages: [
      picture('keeper.png', 'A lighthouse at dusk. A small boat sails into the last of the sun.'),
      paragraph(
        'On a rock that the maps forget stands a lighthouse, and in it lived Oda, who had two lamps. The great one turned at the top of the tower and told the ships where the rock was. Everybody knew that one.',
      ),
      paragraph(
        'The other was no bigger than a loaf. It stood in her window, it was ',
        ['bold', 'green'],
        ', and it said only a single thing: ',
        ['italic', 'I have written it down.'],
      ),
    ],
  },
  {
    id: 'the-book',
    title: 'The book',
    passages: [
      picture('book.png', 'An open book and a quill on a table; beside them a green lamp is lit.'),
      paragraph('For the ships that passed at night called out to her, and what they called was this and that:'),
      {
        kind: 'list',
        items: [
          ['that a child had been born off the northern shoal,'],
          ['that the cook sends greetings to his sister,'],
          ['that ', ['italic', 'nobody'], ' had seen the second whale.'],
        ],
      },
      paragraph(
        'Oda wrote every word into a book with a spine of sailcloth. Then, and never a moment sooner, she lit the green lamp. Some captains grew impatient. “Light it at once,” they called, “you will write it soon enough!”',
      ),
      { kind: 'quote', words: ['“A lamp that is kind before it is true,” said Oda, “is only a lamp.”'] },
    ],
  },
  {
    id: 'the-storm',
    title: 'The storm',
    passages: [
      picture('storm.png', 'Lightning and high waves. The lighthouse still throws its beam; a boat is tossed.'),
      paragraph(
        'In November the sea took the footbridge, and with it the road to the village. For nine days no page of the book could leave the rock. The ships called as before, for news does not wait for weather.',
      ),
      paragraph(
        'On the boats they had learned something from her by then. They wrote their own words down and kept them in tins, and looked across the water. No green? ',
        ['bold', 'Then we keep it still.'],
        ' Nobody shouted. Nobody was afraid. They went on writing in the dark, as one does when one knows where one’s words are.',
      ),
    ],
  },
  {
    id: 'the-morning',
    title: 'The morning',
    passages: [
      picture('morning.png', 'A calm morning. On the shore lies a tin with a letter in its lid.'),
      paragraph(
        'On the tenth day the wind lay down. The tins came ashore one after another, some twice, some out of order, and one with a crab in it. Oda sorted them all into the book, each word once, each where it belonged.',
      ),
      paragraph('Then she lit the green lamp and left it burning until noon.'),
      { kind: 'heading', words: ['The last page'] },
      paragraph(
        'They say that the last page of the book is empty, and that whoever finds it may go on. ',
        ['italic', 'Well: you have found it.'],
        ' Put your finger here and write. Open this page in a second window, or on a phone, and write there too. And keep an eye on the small green light.',
      ),
    ],
  },
]
