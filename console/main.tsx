import { render } from 'preact'
import { App } from './app.tsx'
import { keepPage } from './state/keep-page.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/parts.css'
import './styles/grid.css'
import './styles/pages.css'

const root = document.getElementById('app')
if (root !== null) render(<App />, root)
keepPage()
