import { Go } from './go.tsx'

export function Lost() {
  return (
    <div className="empty" role="alert">
      <strong>There is no such place in the console.</strong>
      <p>The address may be an old one. <Go to="/">Go to Today</Go>, or press <kbd>Ctrl K</kbd> and say where to.</p>
    </div>
  )
}
