import { describe, expect, it } from '@jest/globals';
import { Story, when } from '#testing';
import { satisfactionFigure } from './satisfaction.js';

const at = (story: Story, asOf: string) => satisfactionFigure(story.events, when(asOf), 'UTC');

describe('satisfaction', () => {
  it('is the mean of the answers as shares of their scales, newer ones counting more', () => {
    const story = new Story()
      .on('2026-01-01', 'survey-answered', { kind: 'nps', score: 10 })
      .on('2026-06-30', 'survey-answered', { kind: 'csat', score: 3 });
    // 180 days old: 1 counts half; of today: 0.5 counts whole.
    expect(at(story, '2026-06-30').score).toBeCloseTo((0.5 * 1 + 1 * 0.5) / 1.5, 12);
    expect(at(story, '2026-06-30').answers.map(({ scale, ageDays }) => [scale, ageDays])).toEqual([
      ['csat', 0],
      ['nps', 180],
    ]);
  });

  it('loses a tenth for each complaint until its case is resolved, and again when it is opened again', () => {
    const story = new Story()
      .on('2026-01-01', 'review-posted', { stars: 5 })
      .on('2026-01-02', 'complaint-made', { caseId: 'c1' })
      .on('2026-01-03', 'complaint-made', {})
      .on('2026-01-10', 'case-resolved', { caseId: 'c1' })
      .on('2026-01-20', 'complaint-made', { caseId: 'c1' });
    const scores = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-10', '2026-01-20'].map(
      (day) => at(story, day).score,
    );
    [1, 0.9, 0.8, 0.9, 0.8].forEach((expected, n) => expect(scores[n]).toBeCloseTo(expected, 12));
    expect(at(story, '2026-01-20').openComplaints.map(({ id }) => id)).toEqual(['e0003', 'e0005']);
  });

  it('is not known without an answer of the last 360 days, and never 0 for that', () => {
    const story = new Story().on('2026-01-01', 'survey-answered', { kind: 'nps', score: 10 });
    expect(at(story, '2026-12-27').grade).toBe('very-satisfied');
    expect(at(story, '2026-12-28')).toMatchObject({ score: null, grade: null, trend: null });
    expect(at(new Story().on('2026-01-01', 'complaint-made', {}), '2026-01-02').score).toBeNull();
  });

  it('has a trend: the grade 90 days before', () => {
    const story = new Story()
      .on('2026-01-01', 'survey-answered', { kind: 'ces', score: 7 })
      .on('2026-03-01', 'survey-answered', { kind: 'ces', score: 1 });
    expect(at(story, '2026-03-02')).toMatchObject({ gradeBefore: null, trend: null });
    expect(at(story, '2026-04-02')).toMatchObject({ gradeBefore: 'very-satisfied', trend: 'worse' });
    expect(at(story, '2026-06-15')).toMatchObject({ trend: 'same' });
  });

  it('leaves out test traffic, what is not on its scale, and what comes after the instant', () => {
    const story = new Story()
      .on('2026-01-01', 'survey-answered', { kind: 'csat', score: 9 })
      .on('2026-01-01', 'survey-answered', { kind: 'nps', score: 0 }, true)
      .on('2026-01-01', 'survey-answered', { kind: 'nps', score: 9 })
      .on('2026-02-01', 'survey-answered', { kind: 'nps', score: 0 });
    expect(at(story, '2026-01-15').answers.map(({ event }) => event.id)).toEqual(['e0003']);
  });
});
