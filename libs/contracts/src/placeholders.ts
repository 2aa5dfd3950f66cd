/** Placeholders that channels send in place of an identifier, lower case. Linking by one of them would join strangers. */
export const PLACEHOLDERS: ReadonlySet<string> = new Set([
  ...[
    'null',
    '(null)',
    '<null>',
    'nil',
    'none',
    '(none)',
    'undefined',
    '(undefined)',
    'void',
    'empty',
    '(empty)',
    'blank',
  ],
  ...['nan', 'infinity', 'true', 'false', 'yes', 'no', '[object object]', 'object', '{}', '[]', '""', "''"],
  ...['unknown', '(unknown)', 'unk', 'n/a', 'n.a.', 'n.a', 'na', 'n\\a', '#n/a', 'not available', 'not applicable'],
  ...[
    'not set',
    '(not set)',
    'not_set',
    'notset',
    'unset',
    'not provided',
    'not_provided',
    '(not provided)',
    'missing',
  ],
  ...[
    'default',
    'dummy',
    'sample',
    'test',
    'tests',
    'testing',
    'test user',
    'testuser',
    'tester',
    'tbd',
    'todo',
    'string',
  ],
  ...['anonymous', 'anonymous user', 'anon', 'guest', 'guest user', 'visitor', 'nobody', 'noone', 'no one', 'someone'],
  ...['user', 'userid', 'user_id', 'customer', 'customerid', 'customer_id', 'id', 'uid', 'uuid', 'guid', 'distinctid'],
  ...['distinct_id', 'email', 'e-mail', 'mail', 'phone', 'telephone', 'mobile', 'name', 'not_authenticated', 'cash'],
  ...['unauthenticated', 'logged_out', 'logged out', 'deleted', 'removed', 'redacted', 'hidden', 'private', 'masked'],
  ...['noemail', 'no email', 'no-email', 'no_email', 'nomail', 'no phone', 'nophone', '-1', '0.0', '0x0'],
  ...['test@test', 'none@none', 'null@null', 'na@na', 'n/a@n/a', 'no@no', 'email@email', 'unknown@unknown'],
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  // The id that a defect of Android 2.2 gave to millions of devices.
  '9774d56d682e549c',
]);

/** Local parts and first labels of domains which together make a placeholder address. */
export const PLACEHOLDER_LABELS = new Set(
  'test testing none null na no noemail nomail email mail unknown undefined anonymous guest nobody noone dummy asdf abc a x xx xxx'.split(
    ' ',
  ),
);
