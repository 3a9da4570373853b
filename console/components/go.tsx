import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

export interface GoProps {
  /** Within the console: `/people/…`, with its parts already encoded, and filters after `?`. */
  to: string
  className?: string
  children: ReactNode
  id?: string
  onClick?: () => void
  'aria-current'?: 'page'
}

/** A link to a place of the console. */
export function Go({ to, ...rest }: GoProps) {
  const [path = '', search] = to.split('?')
  return <Link to={path} {...(search === undefined ? {} : { search: Object.fromEntries(new URLSearchParams(search)) })} activeProps={{}} {...rest} />
}
