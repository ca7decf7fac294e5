/** Before all tests: the command as they run it, so that workers find it made. */
import { freshMain } from '../scripts/fresh-build.ts'

export const setup = (): void => void freshMain()
