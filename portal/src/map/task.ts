/** `pipeline.state` in its two parts. */
export function taskOf(task: string): [pipeline: string, state: string] {
  const dot = task.lastIndexOf(".");
  return [task.slice(0, Math.max(dot, 0)), task.slice(dot + 1)];
}
