import { walkConsole, walkForms } from './console.mjs';
import { walkLink } from './link.mjs';
import { walkPortal } from './portal.mjs';
import { walkSignIn } from './sign-in.mjs';

/**
 * Every page of the running program, by whose pages they are. A walk brings each onto the screen, the way that people
 * come to it, and calls `visit(name, page)`.
 */
export const WALKS = { link: walkLink, portal: walkPortal, 'sign-in': walkSignIn, console: walkConsole, forms: walkForms };
