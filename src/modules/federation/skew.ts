/** How far a provider's clock may be from ours. A minute: machines that keep time by the network are within seconds. */
export const MOST_SKEW_SECONDS = 60
