import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { AskQuestionHandler } from './http/ask-question.js';
import { customersController } from './http/customers.controller.js';
import { questionsController } from './http/questions.controller.js';

/** The questions over HTTP. Needs DATABASE, EVENT_LOG, CLOCK and SEALER from those who provide them. */
@Module({
  imports: [CqrsModule],
  controllers: [questionsController, customersController],
  providers: [AskQuestionHandler],
})
export class QueriesModule {}
