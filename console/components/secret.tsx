import { Button } from './button.tsx'
import { say } from './toast.tsx'

/** A secret that is shown this once. */
export function Secret({ value, label }: { value: string; label: string }) {
  return (
    <div className="secret">
      <code aria-label={label}>{value}</code>
      <Button onClick={() => copy(value)}>Copy</Button>
    </div>
  )
}

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    say('Copied.')
  } catch {
    say('This browser does not let us copy; select the text and copy it by hand.')
  }
}

/** Gives the browser a file made here. */
export function saveFile(name: string, mediaType: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: mediaType }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000) // the download has its own hold by then
}
