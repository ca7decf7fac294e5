import type { Flow, GraphAnswer } from '../../control/api.ts'
import { bytesText, plural } from '../units.ts'
import { gaveText, tasksText } from './table.ts'
import { outputText, sourceText } from './words.ts'

/** A job's graph as a flowchart for Mermaid, which Markdown pages draw: data, stages with their steps, outputs. */
export function mermaidLines({ stages }: GraphAnswer): string[] {
  const steps = stages.flatMap(({ stage, steps: own }) =>
    own.map((step) => ({ stage, step, name: key(stage, step.step) })),
  )
  const ids = new Map(steps.map(({ name }, i) => [name, `n${i}`]))
  const data: string[] = []
  const nodes: string[] = []
  const edges: string[] = []
  for (const { stage, steps: own } of stages) {
    if (stage !== '') nodes.push(`subgraph ${label(`stage ${stage}`, 's', ids.get(key(stage, own[0]?.step ?? '')))}`)
    for (const step of own) {
      const id = ids.get(key(stage, step.step))!
      nodes.push(`${stage === '' ? '' : '  '}${id}["${safe(`${step.step} ${tasksText(step)}`)}"]`)
      for (const read of step.reads) {
        if (read.how === 'rows') {
          data.push(`d${data.length}[("${safe(sourceText(read, stage))}")]`)
          edges.push(`d${data.length - 1} -->|"${safe(flowText(read))}"| ${id}`)
        } else edges.push(`${ids.get(key(read.stage, read.step))} -->|"${safe(flowText(read))}"| ${id}`)
      }
      if (step.output !== null)
        edges.push(`${id} -->|"${safe(gaveText(step))}"| o${id}(["${safe(outputText(step.output))}"])`)
    }
    if (stage !== '') nodes.push('end')
  }
  return ['flowchart TB', ...[...data, ...nodes, ...edges].map((line) => `  ${line}`)]
}

function key(stage: string, step: string): string {
  return JSON.stringify([stage, step])
}

function label(text: string, prefix: string, id: string | undefined): string {
  return `${prefix}${id ?? ''}["${safe(text)}"]`
}

/** How it goes, and as much of what has gone as is known. */
function flowText({ how, went: { records, bytes } }: Flow): string {
  return [
    how,
    ...(records === null ? [] : [plural(records, 'record')]),
    ...(bytes === null ? [] : [bytesText(bytes)]),
  ].join(', ')
}

/** What ends a label, or begins an entity or a tag in it. */
function safe(text: string): string {
  return text.replaceAll(/[#"<>&`\\]/g, (c) => `#${c.charCodeAt(0)};`)
}
