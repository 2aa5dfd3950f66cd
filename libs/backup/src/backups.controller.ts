import { isAbsolute } from 'node:path';
import { Body, Controller, Delete, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Describe, documentReader, formatInstant, Text, type DocumentRule } from '#contracts';
import { Allow, ApiDocument, ApiProblems, DocumentPipe, Problem, RecordsOperation } from '#platform/nest';
import { CurrentBackup, type BackupJob } from './backup-job.js';

/** The body of a request for a backup. */
export class NewBackup {
  @Text(4_096)
  @Describe('Folder of the backup on the machine of the engine, as an absolute path')
  readonly folder!: string;
}

const isAbsolutePath: DocumentRule<NewBackup> = ({ folder }) =>
  isAbsolute(folder)
    ? []
    : [{ pointer: '#/folder', detail: 'must be an absolute path', hint: 'write it from the root on: /mnt/backup' }];

export const NEW_BACKUP = documentReader(NewBackup, { rules: [isAbsolutePath] });

export class BackupView {
  @ApiProperty()
  readonly folder!: string;
  @ApiProperty({ enum: ['running', 'done', 'failed'] })
  readonly state!: BackupJob['state'];
  @ApiProperty({ format: 'date-time' })
  readonly startedAt!: string;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, description: 'step, done, total, unit' })
  readonly progress!: BackupJob['progress'];
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, description: 'what the backup came to' })
  readonly result!: BackupJob['result'];
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, description: 'code and detail' })
  readonly failure!: BackupJob['failure'];
}

/**
 * Backups of the running engine. Only the command line on its machine may start one: the engine writes files where it is told to, which no key that
 * travels over a network should be able to demand.
 */
@ApiTags('operations')
@Controller('backups')
@Allow('operate')
export class BackupsController {
  constructor(@Inject(CurrentBackup) private readonly backups: CurrentBackup) {}

  @Post()
  @RecordsOperation('backup')
  @HttpCode(202)
  @Allow('operate', { only: 'local' })
  @ApiOperation({
    operationId: 'startBackup',
    summary: 'Back up the log and the keys into a folder, while the engine runs',
    description:
      'For `perennial backup` on the machine of the engine: API keys are rejected. GET /v1/backups/current shows its progress.',
  })
  @ApiDocument(NEW_BACKUP)
  @ApiAcceptedResponse({ type: BackupView })
  @ApiProblems(400, 409, 415, 422)
  start(@Body(new DocumentPipe(NEW_BACKUP, 'No backup was started.')) { folder }: NewBackup): BackupView {
    const job = this.backups.start(folder);
    if (job === null)
      throw new Problem(409, {
        type: 'backup-running',
        detail: 'A backup into another folder is running: wait for its end.',
      });
    return view(job);
  }

  @Get('current')
  @ApiOperation({ operationId: 'getCurrentBackup', summary: 'The running backup, or the last one' })
  @ApiOkResponse({ type: BackupView })
  @ApiProblems(404)
  current(): BackupView {
    const { current } = this.backups;
    if (current === null) throw new Problem(404, { detail: 'No backup has run since the engine started.' });
    return view(current);
  }

  @Delete('current')
  @RecordsOperation('backup-stopped')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'stopCurrentBackup',
    summary: 'Stop the running backup; the one before it stays complete',
  })
  @ApiAcceptedResponse({ type: BackupView })
  @ApiProblems(404)
  stop(): BackupView {
    void this.backups.stop();
    return this.current();
  }
}

const view = (job: BackupJob): BackupView => ({ ...job, startedAt: formatInstant(job.startedAt) });
