export { MAX_OBSERVATION_BYTES, OBSERVATION_TYPE, readSenderKey, signObservation, verifyObservation } from './observation.ts'
export type { PushedObservation, SeenNonces, Sender, SenderKey, VerifiedObservation } from './observation.ts'
export { signRequest, verifyRequest } from './request.ts'
