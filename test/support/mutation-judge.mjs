/* global structuredClone -- Node has it, the linter is not told for .mjs in test/ */
/**
 * Asks a version of the check about databases, with as little as it takes: of the catalog query only the branches of its
 * UNION that a mutant changes are sent, all else is remembered; where only the comparison changes, nothing is sent.
 */
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';

/** The branches of the catalog query, and which rows come from which. */
const branches = (query) => query.split('\n  UNION ALL');
const PARTS = ['columns', 'constraints', 'indexes', 'triggers', 'policies'];
const SECTIONS = ['functions', 'types', 'sequences', 'extensions'];
const branchOf = ([section, , part]) =>
  section === 'tables' ? (part === null ? 0 : 1 + PARTS.indexOf(part)) : 6 + SECTIONS.indexOf(section);

const begin = ({ READ_SETTINGS }) => `ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${READ_SETTINGS}`;

async function rowsOf(session, settings, query) {
  const results = await session.query(
    `${settings} SELECT json_agg(json_build_array(q.section, q.key, q.part, q.name, q.state)) AS catalog
    FROM (${query}) q(section, key, part, name, state); ROLLBACK`,
  );
  return results.find(({ command }) => command === 'SELECT').rows[0].catalog ?? [];
}

export class Judge {
  #base;
  #questions;
  #together;
  /** What the check as it is reads, by session and names. */
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
    const sql = version.catalog.everythingQuery("'public.pgmigrations'");
    const key = `${this.#numberOf(session)} ${sql}`;
    let names = this.#everything.get(key);
    if (names !== undefined) return names;
    const results = await session.query(`BEGIN READ ONLY; SET LOCAL search_path = ''; ${sql}; ROLLBACK`);
    names = {};
    for (const row of results.at(-2).rows) (names[row.section] ??= []).push(row.key);
    if (sql === this.#base.catalog.everythingQuery("'public.pgmigrations'")) this.#everything.set(key, names);
    return names;
  }

  async #liveOf(version, session, names) {
    const rows = await this.#rowsOf(version.catalog, session, pg.escapeLiteral(JSON.stringify(names)));
    const connection = { query: () => Promise.resolve([{ command: 'SELECT', rows: [{ catalog: rows }] }]) };
    return version.inspect.readSchema(connection, {}, '0');
  }

  async #rowsOf(catalog, session, names) {
    const { catalog: base } = this.#base;
    const key = `${this.#numberOf(session)} ${names}`;
    if (!this.#read.has(key)) this.#read.set(key, rowsOf(session, begin(base), base.catalogQuery(names)));
    const known = await this.#read.get(key);
    const [mine, usual] = [branches(catalog.catalogQuery(names)), branches(base.catalogQuery(names))];
    const head = usual[0].slice(0, usual[0].indexOf("SELECT 'tables' AS section"));
    const settings = begin(catalog);
    if (settings !== begin(base) || mine.length !== usual.length || !mine[0].startsWith(head))
      return rowsOf(session, settings, catalog.catalogQuery(names));
    const changed = mine.flatMap((text, index) => (text === usual[index] ? [] : [index]));
    if (changed.length === 0) return known;
    const query = changed.map((index) => (index === 0 ? mine[0].slice(head.length) : mine[index])).join(' UNION ALL ');
    const fresh = await rowsOf(session, settings, head + query);
    return [...known.filter((row) => !changed.includes(branchOf(row))), ...fresh].sort(
      (one, other) => branchOf(one) - branchOf(other),
    );
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
