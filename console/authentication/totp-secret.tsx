import { useState } from 'react'
import { Form, TextField } from '../components/form.tsx'
import { Secret } from '../components/secret.tsx'

export interface TotpOffer {
  /** Base32, for typing it in. */
  secret: string
  /** otpauth://… */
  uri: string
  /** The same as a picture (SVG). */
  svg: string
}

/** The secret as a picture and as text, and a first code to show that the app has it. */
export function TotpSecret({ offer, submit, onCode }: { offer: TotpOffer; submit: string; onCode: (code: string) => Promise<unknown> }) {
  const [code, setCode] = useState('')
  // As a picture, never as markup: nothing that comes over the network is put into the page as HTML.
  const picture = `data:image/svg+xml,${encodeURIComponent(offer.svg)}`
  return (
    <>
      <p>Scan this with your authenticator app, or type the secret into it.</p>
      <img className="square" src={picture} alt="The secret as a QR code; the same as the text below it" />
      <Secret value={offer.secret} label="Secret for the authenticator app" />
      <Form submit={submit} onSubmit={() => onCode(code.replaceAll(/\s/g, ''))}>
        <TextField label="Code that the app shows now" name="code" inputMode="numeric" autoComplete="one-time-code" value={code} onChange={setCode} maxLength={12} />
      </Form>
    </>
  )
}
