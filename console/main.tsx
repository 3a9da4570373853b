import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Problem } from './api/problem.ts'
import { Interruptions } from './authentication/interruptions.tsx'
import { Toasts } from './components/toast.tsx'
import { places } from './places.ts'
import { routerOf } from './router.tsx'
import './style/fonts.css'
import './style/colour.css'
import './style/frame.css'
import './style/control.css'
import './style/list.css'

const queries = new QueryClient({
  defaultOptions: {
    // A refusal stays one; what the network lost is worth another try.
    queries: { staleTime: 10_000, retry: (failures, error) => failures < 2 && (!(error instanceof Problem) || error.status === 503) },
  },
})
const router = routerOf(places)

const root = document.getElementById('console')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
        <Interruptions />
        <Toasts />
      </QueryClientProvider>
    </StrictMode>,
  )
}
