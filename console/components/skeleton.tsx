/** Stands where lines of text will stand, in their height, so that nothing jumps when they come. */
export function Skeleton({ lines = 4 }: { lines?: number }) {
  return (
    <div aria-hidden="true" className="soft">
      {Array.from({ length: lines }, (_, line) => <p key={line}><span className="bone" />&#8203;</p>)}
    </div>
  )
}
