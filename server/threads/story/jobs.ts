/** What worker threads do with stories that are taken away or listed. */
import { told } from '../page/jobs.ts'
import { type Outline, storyOutline as outlineOf } from './outline.ts'
import { packFiles } from './pack.ts'
import { storyPage as pageOf, type StoryPage, type StoryPageAsked } from './page.ts'

const storyOutline = (asked: Parameters<typeof outlineOf>[0]) => told<Outline>(() => outlineOf(asked))
const storyPage = (asked: StoryPageAsked) => told<StoryPage>(() => pageOf(asked))

export const storyJobs = { storyOutline, storyPage, packFiles }
