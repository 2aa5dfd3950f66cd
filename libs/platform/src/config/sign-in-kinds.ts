import { TextAs, unreadable } from '#contracts';
import { contentOf } from './setting-kinds.js';
import { DocumentFileError, readDocumentFile } from './document-file.js';

/** Kinds of settings of an identity provider. */

type Kind = PropertyDecorator;
type Parsed<T> = { readonly value: T } | ReturnType<typeof unreadable>;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether the address is of this machine, by its name. */
export const isLoopback = (hostname: string): boolean => LOOPBACK.test(hostname);

/** An https address; http is accepted of this machine alone. Null for `off`. */
export function SecureUrlOrOff(): Kind {
  return TextAs('off, or an https address', (text): Parsed<string | null> => {
    if (text.toLowerCase() === 'off') return { value: null };
    const url = URL.canParse(text) ? new URL(text) : null;
    const isSecure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
    if (url === null || !isSecure || url.username !== '' || url.search !== '' || url.hash !== '')
      return unreadable(
        'must be off, or an https address without user, query and fragment; http is accepted for this machine alone',
        'give such as https://login.shop.example/realms/shop, or http://127.0.0.1:8080/realms/shop',
      );
    return { value: text };
  });
}

/** A JSON pointer into the claims of a token. */
export function ClaimPointer(): Kind {
  return TextAs('a JSON pointer', (text): Parsed<string> => {
    return /^(?:\/(?:[^~/]|~[01])+)+$/.test(text)
      ? { value: text }
      : unreadable('must be a JSON pointer to a claim', 'give such as /roles, /groups or /realm_access/roles');
  });
}

/** The document of a file that a person wrote, JSON or YAML; null for `none`. */
export function DocumentOrNone(): Kind {
  return TextAs('none, or the path of a JSON or YAML file', (text): Parsed<unknown> => {
    if (text.toLowerCase() === 'none') return { value: null };
    try {
      return { value: readDocumentFile(text).value };
    } catch (error) {
      if (!(error instanceof DocumentFileError)) throw error;
      return unreadable(`names the file ${text}, which ${error.detail}`, error.hint);
    }
  });
}

/** A secret, or the content of the file that it names after `file:`; null for `none`. */
export function SecretOrNone(): Kind {
  return TextAs('none, a secret, or file: and a path', (text): Parsed<string | null> => {
    if (text.toLowerCase() === 'none') return { value: null };
    const content = contentOf(text);
    return typeof content === 'string' ? { value: content } : content;
  });
}

/** A name; null for `none`. */
export function NameOrNone(): Kind {
  return TextAs('none, or a name', (text): Parsed<string | null> => ({
    value: text.toLowerCase() === 'none' ? null : text,
  }));
}
