export { actorLabel, ANYONE, permits, type Actor } from './actor.ts'
export { defineContract, type Contract, type EventOf, type PayloadOf, type PermissionOf } from './contract.ts'
export { routesOf, type Method, type Route, type RouteReply, type RouteRequest } from './route.ts'
export type { Module, ObligationDeclaration, Reaction, Section } from './module.ts'
