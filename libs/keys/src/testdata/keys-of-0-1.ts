import { FORMER_PERMISSIONS, type Permission } from '#platform';

const [FORMER_OPEN = ''] = Object.keys(FORMER_PERMISSIONS);

/** The secret of every key here. */
export const SECRET_OF_0_1 = 'A'.repeat(43);

/** API keys as a release before roles stored them, and what each may do afterwards; null: everything. */
export const ROWS_OF_0_1: readonly {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly string[];
  readonly createdAt: number;
  readonly afterwards: readonly Permission[] | null;
}[] = [
  {
    ...{ id: '000000000001', name: 'admin', createdAt: 1_000 },
    permissions: ['publish', 'read', FORMER_OPEN, 'audit', 'operate'],
    afterwards: null,
  },
  {
    ...{ id: '000000000002', name: 'tool', createdAt: 2_000 },
    permissions: ['operate'],
    afterwards: ['operate', 'quarantine', 'types', 'policy', 'erase'],
  },
  { ...{ id: '000000000003', name: 'web shop', createdAt: 3_000 }, permissions: ['publish'], afterwards: ['publish'] },
  {
    ...{ id: '000000000004', name: 'help desk', createdAt: 3_000 },
    permissions: ['read', FORMER_OPEN],
    afterwards: ['read', 'open'],
  },
  {
    ...{ id: '000000000005', name: 'admin', createdAt: 4_000 },
    permissions: ['publish', 'read', 'open', 'audit', 'operate'],
    afterwards: ['publish', 'read', 'open', 'audit', 'operate', 'quarantine', 'types', 'policy', 'erase'],
  },
];
