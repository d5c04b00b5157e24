/* global structuredClone -- Node has it, the linter is not told for .mjs in test/ */
/**
 * Asks a version of the check about databases, with as little as it takes: what was read by the same query before is
 * remembered, so that nothing is sent where only the comparison changes.
 */
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';

export class Judge {
  #base;
  #questions;
  #together;
  /** What the check as it is reads, by session and query. */
  #read = new Map();
  #everything = new Map();

  /**
   * @param base the modules of the check as it is
   * @param questions from mutation-scenes.mjs
   * @param together the cases of alarm/together.ts, which need no database
   */
  constructor(base, questions, together) {
    this.#base = base;
    this.#questions = questions;
    this.#together = together;
  }

  /** The name of a question that a version answers wrongly, if any; what killed last is asked first next time. */
  async killer(version) {
    const alone = this.#wrongWithoutDatabase(version);
    if (alone !== undefined) return alone;
    const effects = new Map();
    for (let start = 0, size = 3; start < this.#questions.length; start += size, size = 12) {
      const some = this.#questions.slice(start, start + size);
      const right = await Promise.all(some.map((question) => this.#isRight(version, question, effects)));
      const wrong = some.find((_, index) => !right[index]);
      if (wrong === undefined) continue;
      this.#questions.splice(this.#questions.indexOf(wrong), 1);
      this.#questions.unshift(wrong);
      return wrong.name;
    }
    return undefined;
  }

  /** As together.test.ts asks. */
  #wrongWithoutDatabase({ compare: { compare }, effects: { expectation, contradiction, effectBetween } }) {
    const { togetherCases, contradictions, betweens } = structuredClone(this.#together);
    const isRight = (ask) => {
      try {
        return ask();
      } catch {
        return false;
      }
    };
    const wrong =
      togetherCases.find(
        ({ prerequisites = {}, effects, reverted, live, failing = [], warnings = [] }) =>
          !isRight(() => {
            const found = compare(expectation(prerequisites, effects, reverted), live);
            return canonical(found.failing) === canonical(failing) && canonical(found.warnings) === canonical(warnings);
          }),
      ) ??
      contradictions.find(
        ({ prerequisites = {}, effects, says }) =>
          !isRight(() => isDeepStrictEqual(contradiction(prerequisites, effects), says)),
      ) ??
      betweens.find(
        ({ before, after, effect }) => !isRight(() => sorted(effectBetween(before, after)) === sorted(effect)),
      );
    return wrong?.name;
  }

  async #isRight(version, { scene, session, differences, warnings }, known) {
    try {
      if (!known.has(scene)) known.set(scene, this.#effectsOf(version, scene));
      const { prerequisites, effects } = await known.get(scene);
      const names = {};
      for (const { section, key } of [prerequisites, ...effects].flatMap(version.effects.mentions))
        (names[section] ??= new Set()).add(key);
      const sets = Object.entries(names).map(([section, keys]) => [section, [...keys]]);
      const live = await this.#liveOf(version, session, Object.fromEntries(sets));
      const { expectation } = version.effects;
      const expected = expectation(prerequisites, effects);
      const strict = warnings === undefined;
      const found = version.compare.compare(expected, live, strict);
      return (
        canonical(found.failing) === canonical(differences) &&
        (strict || canonical(found.warnings) === canonical(warnings))
      );
    } catch {
      return false;
    }
  }

  /** What a version's `snapshot` writes for a scene, where the scene does not bring it. */
  async #effectsOf(version, { session, prerequisites, effects, committed, definitions }) {
    if (effects !== undefined) return structuredClone({ prerequisites, effects });
    const names = await this.#namesOf(version, session);
    const live = await this.#liveOf(version, session, names);
    const effect = structuredClone(version.effects.effectBetween({}, live));
    if (committed !== undefined && sorted(effect) !== sorted(committed)) throw new Error('not as committed');
    definitions?.forEach((definition, index) => {
      if (effect.tables[`public.v${index}`].definition !== definition) throw new Error('not as it reads elsewhere');
    });
    if (version.effects.contradiction({}, [effect]) !== undefined) throw new Error('contradicts itself');
    return { prerequisites: {}, effects: [effect] };
  }

  async #namesOf(version, session) {
    const sql = version.everything.everythingQuery("'public.pgmigrations'");
    const key = `${this.#numberOf(session)} ${sql}`;
    let names = this.#everything.get(key);
    if (names !== undefined) return names;
    const results = await session.query(`BEGIN READ ONLY; SET LOCAL search_path = ''; ${sql}; ROLLBACK`);
    names = {};
    for (const row of results.at(-2).rows) (names[row.section] ??= []).push(row.key);
    if (sql === this.#base.everything.everythingQuery("'public.pgmigrations'")) this.#everything.set(key, names);
    return names;
  }

  async #liveOf(version, session, names) {
    const { READ_SETTINGS, catalogQuery } = version.catalog;
    const query = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${READ_SETTINGS} ${catalogQuery(names, pg.escapeLiteral)}; ROLLBACK`;
    const key = `${this.#numberOf(session)} ${query}`;
    const known = this.#read.get(key);
    const results = known ?? (await session.query(`ROLLBACK; ${query}`));
    if (version.catalog === this.#base.catalog) this.#read.set(key, results);
    return version.inspect.readSchema({ query: () => Promise.resolve(results) }, {}, '0');
  }

  #numbers = new Map();
  #numberOf(session) {
    if (!this.#numbers.has(session)) this.#numbers.set(session, this.#numbers.size);
    return this.#numbers.get(session);
  }
}

const canonical = (list) =>
  JSON.stringify(list.map(({ kind, object, expected, found }) => ({ kind, object, expected, found })));

/** The same for documents that say the same. */
const sorted = (value) =>
  JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
