import type { ExplainAnswer, StageGraph, StepGraph } from '../../control/api.ts'
import { bytesText, plural } from '../units.ts'
import { outputText, readText } from './words.ts'

type Shares = ExplainAnswer['stages'][number]

/** The stages of a job in the order of the plan: the steps of each, what they read, and who runs those that read files. */
export function stageLines({ stages: shares }: ExplainAnswer, stages: readonly StageGraph[]): string[] {
  const words = stages.flatMap(({ steps }) => steps.map(({ step }) => step.length))
  const cells = Math.min(24, Math.max(0, ...words))
  return stages.flatMap(({ stage, steps }) => [
    `stage ${stage}${steps.map(({ output }) => (output === null ? '' : `  gives ${outputText(output)}`)).join('')}`,
    ...steps.flatMap((step) => {
      const share = shares.find((one) => one.stage === `${stage} ${step.step}`)
      return [`  ${step.step.padEnd(cells)}  ${stepText(step, share)}`, ...readsLines(step, stage, cells)].concat(
        step.reads.some(({ how }) => how === 'rows') ? nodeLines(share, cells) : [],
      )
    }),
  ])
}

function stepText({ tasks, partitions }: StepGraph, share: Shares | undefined): string {
  const on = share === undefined ? '' : ` on ${plural(share.nodes.length, 'node')}`
  return `${plural(tasks, 'task')}${on}${partitions === 0 ? '' : `, for ${plural(partitions, 'partition')}`}`
}

function readsLines({ reads }: StepGraph, stage: string, cells: number): string[] {
  return reads.map((read) => `  ${' '.repeat(cells)}    reads ${readText(read, stage)}`)
}

function nodeLines(share: Shares | undefined, cells: number): string[] {
  return (share?.nodes ?? []).map(
    ({ name, tasks, bytes }) => `  ${' '.repeat(cells)}    ${name}  ${plural(tasks, 'task')}  ${bytesText(bytes)}`,
  )
}
