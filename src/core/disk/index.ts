/** The disk room's front door. */
export { removeDrafts, removeWhole, syncFolder, writeWhole } from './whole-file.ts'
