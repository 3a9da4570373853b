/**
 * Answers that carry every header they need. To look at the headers of an answer makes the server build it in full, body
 * stream included, which halves the rate at which the page is served; what is in here need not be looked at.
 */
const finished = new WeakSet<Response>()

export function finish(response: Response): Response {
  finished.add(response)
  return response
}

export const isFinished = (response: Response): boolean => finished.has(response)
