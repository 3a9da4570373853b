import './raw.css'

/** Text as it is, in a box that scrolls by itself; keys reach it, or nobody without a mouse could read it. */
export function Raw({ label, text }: { label: string; text: string }) {
  return <pre className="raw" tabIndex={0} role="region" aria-label={label}>{text}</pre>
}

/** A value as JSON. */
export function RawJson({ label, value }: { label: string; value: unknown }) {
  return <Raw label={label} text={JSON.stringify(value, null, 2)} />
}
