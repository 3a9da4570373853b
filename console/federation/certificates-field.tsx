import { useEffect, useState } from 'react'
import { Button } from '../components/button.tsx'
import { FieldGroup } from '../components/form.tsx'
import { itemsOf } from './items.ts'

/** The server takes no more: the old, the new, and room for a mistake. */
const MOST = 4

/** Certificates that the provider's signatures are verified by: two while it changes its key. */
export function CertificatesField({ value, onChange, ...field }: { label: string; name: string; hint?: string; value: string; onChange: (text: string) => void }) {
  const items = itemsOf<string>(value)
  const write = (next: readonly string[]): void => onChange(JSON.stringify(next))
  return (
    <FieldGroup {...field}>
      {items.map((pem, at) => (
        <div key={at} className="field">
          <label htmlFor={`certificate-${at}`}>Certificate {at + 1}</label>
          <textarea id={`certificate-${at}`} className="mono" rows={4} spellCheck={false} value={pem} onChange={(event) => write(items.map((other, index) => (index === at ? event.target.value : other)))} />
          <Fingerprint pem={pem} />
          {items.length > 1 && <Button look="plain" aria-label={`Take off certificate ${at + 1}`} onClick={() => write(items.filter((_, index) => index !== at))}>Take off</Button>}
        </div>
      ))}
      {items.length < MOST && <Button onClick={() => write([...items, ''])}>Add a certificate</Button>}
    </FieldGroup>
  )
}

/** SHA-256 over the certificate, as providers show it; browsers count it on https and on this machine only. */
function Fingerprint({ pem }: { pem: string }) {
  const [digest, setDigest] = useState<string>()
  useEffect(() => {
    let current = true
    void fingerprintOf(pem).then((text) => current && setDigest(text))
    return () => {
      current = false
    }
  }, [pem])
  return digest === undefined ? null : <span className="hint">SHA-256 <code>{digest}</code></span>
}

/** By their fingerprints. */
export function CertificateWords({ text }: { text: string }) {
  const items = itemsOf<string>(text)
  return <>{items.map((pem, at) => <span key={at} className="under">{at + 1}. <Fingerprint pem={pem} /></span>)}</>
}

/** @returns undefined for what is no certificate, or where the browser does not count */
async function fingerprintOf(pem: string): Promise<string | undefined> {
  const bare = pem.replace(/-----(BEGIN|END) CERTIFICATE-----/g, '').replace(/\s+/g, '')
  if (bare === '' || (globalThis.crypto.subtle as SubtleCrypto | undefined) === undefined) return undefined
  try {
    const bytes = Uint8Array.from(atob(bare), (character) => character.charCodeAt(0))
    return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':')
  } catch {
    return undefined
  }
}
