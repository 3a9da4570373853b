import { useParams } from '@tanstack/react-router'

/** A parameter of the address, as a part that can be put into an address of the API. */
export function useParameter(name: string): string {
  const params: Record<string, string | undefined> = useParams({ strict: false })
  return encodeURIComponent(params[name] ?? '')
}
