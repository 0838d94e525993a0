#ifndef PAPER_CRYPTO_H
#define PAPER_CRYPTO_H

// The little of OpenSSL that a vault of tests needs. Everything answers 1 if it
// succeeded, else 0.

#include <stddef.h>
#include <stdint.h>

// A new key pair of P-256; to be freed.
void *_Nullable paper_pair(void);
void paper_pair_free(void *_Nullable pair);

// 0x04, x, y.
int paper_point(const void *_Nonnull pair, uint8_t point[_Nonnull 65]);

// ECDSA over SHA-256, in DER; `size` is what fits, then what was written.
int paper_sign(const void *_Nonnull pair, const uint8_t *_Nullable message, size_t length,
               uint8_t *_Nonnull signature, size_t *_Nonnull size);

// AES-256-GCM of 32 bytes, with a tag of 16 behind them.
int paper_seal(const uint8_t key[_Nonnull 32], const uint8_t nonce[_Nonnull 12],
               const uint8_t plain[_Nonnull 32], uint8_t sealed[_Nonnull 48]);
int paper_unseal(const uint8_t key[_Nonnull 32], const uint8_t nonce[_Nonnull 12],
                 const uint8_t sealed[_Nonnull 48], uint8_t plain[_Nonnull 32]);

#endif
