import { describe, expect, it } from '@jest/globals';
import { formerPermission, presentPermissions } from './former-names.js';

describe('former names of permissions', () => {
  it('lead to the present name', () => {
    expect(formerPermission('read-personal')).toBe('open');
    expect(presentPermissions(['publish', 'read-personal'])).toEqual(['publish', 'open']);
  });

  it.each(['read', 'open', 'constructor', 7, null])('are not %p', (name) => {
    expect(formerPermission(name)).toBeNull();
  });
});
