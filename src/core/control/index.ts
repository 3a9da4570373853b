export type { Automation } from './catalogue.ts'
export { CONTROLS, CONTROL_FAMILIES, controlById, isControlId, parseControlId } from './control.ts'
export type { Control, ControlFamily, ControlId } from './control.ts'
