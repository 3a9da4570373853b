/** What happened, as open consoles are told of it. */
export { startFeed, tellingReaction, type Feed } from './feed.ts'
export { mountStream } from './stream.ts'
