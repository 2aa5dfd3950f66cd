/** What Nest applications are made with: it lets people in beside API keys. */
export { SignInModule } from './sign-in.module.js';
