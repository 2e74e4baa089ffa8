/** The part of the DOM that the page's script uses: the project is compiled without DOM types, as most of it is not for browsers. */
export interface PageElement {
  readonly clientWidth: number
  readonly dataset: Record<string, string | undefined>
  readonly style: Record<string, string>
  readonly parentElement: PageElement | null
  textContent: string | null
  open: boolean
  hidden: boolean
  cellIndex: number
  append: (...children: readonly PageElement[]) => void
  replaceChildren: (...children: readonly (PageElement | string)[]) => void
  setAttribute: (name: string, value: string) => void
  getAttribute: (name: string) => string | null
  removeAttribute: (name: string) => void
  querySelector: (selector: string) => PageElement | null
  querySelectorAll: (selector: string) => Iterable<PageElement>
  closest: (selector: string) => PageElement | null
  addEventListener: (type: string, listener: () => void) => void
  getContext: (kind: '2d') => { font: string; measureText: (text: string) => { width: number } }
}

interface Page {
  readonly document: {
    readonly documentElement: PageElement
    readonly createElement: (tag: string) => PageElement
    readonly getElementById: (id: string) => PageElement | null
    readonly querySelectorAll: (selector: string) => Iterable<PageElement>
  }
  readonly matchMedia: (query: string) => {
    readonly matches: boolean
    addEventListener: (type: 'change', listener: () => void) => void
  }
  readonly addEventListener: (type: string, listener: () => void) => void
  readonly setTimeout: (work: () => void, ms: number) => void
  readonly IntersectionObserver: new (
    seen: (entries: readonly { readonly isIntersecting: boolean; readonly target: PageElement }[]) => void,
    options: { readonly rootMargin: string },
  ) => { observe: (element: PageElement) => void; unobserve: (element: PageElement) => void }
  readonly ResizeObserver: new (changed: () => void) => { observe: (element: PageElement) => void }
}

export const page = globalThis as unknown as Page
