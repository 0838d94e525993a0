#include "PaperCrypto.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

void *paper_pair(void) {
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    if (pair != NULL)
        EVP_PKEY_set_utf8_string_param(pair, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                       OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED);
    return pair;
}

void paper_pair_free(void *pair) { EVP_PKEY_free(pair); }

int paper_point(const void *pair, uint8_t point[65]) {
    size_t length = 0;
    return EVP_PKEY_get_octet_string_param(pair, OSSL_PKEY_PARAM_PUB_KEY, point, 65, &length) == 1 &&
           length == 65;
}

int paper_sign(const void *pair, const uint8_t *message, size_t length, uint8_t *signature,
               size_t *size) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int signed_it =
        context != NULL &&
        EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, (EVP_PKEY *)pair) == 1 &&
        EVP_DigestSign(context, signature, size, message, length) == 1;
    EVP_MD_CTX_free(context);
    return signed_it;
}

int paper_seal(const uint8_t key[32], const uint8_t nonce[12], const uint8_t plain[32],
               uint8_t sealed[48]) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int length = 0;
    int sealed_it =
        context != NULL &&
        EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
        EVP_EncryptUpdate(context, sealed, &length, plain, 32) == 1 &&
        EVP_EncryptFinal_ex(context, sealed + length, &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, sealed + 32) == 1;
    EVP_CIPHER_CTX_free(context);
    return sealed_it;
}

int paper_unseal(const uint8_t key[32], const uint8_t nonce[12], const uint8_t sealed[48],
                 uint8_t plain[32]) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int length = 0;
    int opened =
        context != NULL &&
        EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
        EVP_DecryptUpdate(context, plain, &length, sealed, 32) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, (void *)(sealed + 32)) == 1 &&
        EVP_DecryptFinal_ex(context, plain + length, &length) == 1;
    EVP_CIPHER_CTX_free(context);
    return opened;
}
