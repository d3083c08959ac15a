// What is to hold of the containers at any time.
import { inspect, logOf, until } from './docker.mjs';

export const healthy = (containers, count) =>
  until('all containers are healthy', 120, async () => {
    const states = await Promise.all((await containers()).map(inspect));
    return states.length === count && states.every(({ State }) => State.Health.Status === 'healthy');
  });

export async function confined(containers) {
  for (const container of containers) {
    const { Name, Config, HostConfig } = await inspect(container);
    if (['', 'root', '0'].includes(Config.User)) throw new Error(`${Name} runs as root`);
    if (!HostConfig.ReadonlyRootfs) throw new Error(`${Name} may write to its root file system`);
    if (!HostConfig.CapDrop.includes('ALL')) throw new Error(`${Name} has capabilities`);
  }
}

/** Every line is an object that says what happened, how grave it is, and who says so. */
export async function logsAreJson(containers) {
  let count = 0;
  for (const container of containers) {
    for (const line of await logOf(container)) {
      count++;
      try {
        const { msg, level, service } = JSON.parse(line);
        if (![msg, level, service].every((field) => typeof field === 'string'))
          throw new Error('it lacks msg, level or service');
      } catch (cause) {
        const { Name } = await inspect(container);
        throw new Error(`${Name}: ${cause.message}: ${line}`, { cause });
      }
    }
  }
  if (count === 0) throw new Error('there are no lines');
  return `${count} lines`;
}

/** In good order: of themselves, when they were asked to. */
export async function endedWell(containers) {
  const ends = [];
  for (const container of containers) {
    const { Name, State } = await inspect(container);
    if (State.ExitCode !== 0) throw new Error(`${Name} ended with ${State.ExitCode}`);
    ends.push(Name);
  }
  return `${ends.length} containers with 0`;
}

/** Whether something is answered with a status that refuses it. */
export async function refused(status, act) {
  const answer = await act().then(
    () => 'success',
    (error) => error.message,
  );
  if (!answer.startsWith(`${status} `)) throw new Error(`${answer}, not ${status}`);
}
