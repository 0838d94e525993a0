import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    alias(libs.plugins.android.library)
    alias(libs.plugins.kotlin.android)
}

android {
    namespace = "com.crewseal.android"
    compileSdk = libs.versions.compileSdk.get().toInt()
    ndkVersion = libs.versions.ndk.get()

    defaultConfig {
        minSdk = libs.versions.minSdk.get().toInt()
        consumerProguardFiles("consumer-rules.pro")
        ndk {
            // What build-aar builds: phones, and emulators on a computer. A phone of 32 bits is not served.
            abiFilters += listOf("arm64-v8a", "x86_64")
        }
    }

    sourceSets {
        getByName("main") {
            // The generated code and the wrapper round it; on the JVM they are a library of their own.
            kotlin.srcDirs(
                "../../bindings/kotlin/src/main/kotlin",
                "../../bindings/kotlin/src/generated/kotlin"
            )
            // Left there by build-aar.
            jniLibs.srcDir("build/rust/jniLibs")
        }
        // They want Android's real classes, and Gradle's stubs throw: tests/run runs them with Maven.
        getByName("test") { kotlin.setSrcDirs(emptyList<String>()) }
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }

    packaging {
        jniLibs {
            // Uncompressed and aligned, so that the system maps them from where they lie.
            useLegacyPackaging = false
        }
    }

    publishing {
        singleVariant("release") {
            withSourcesJar()
        }
    }
}

kotlin {
    compilerOptions {
        jvmTarget = JvmTarget.JVM_11
        allWarningsAsErrors = true
    }
}

dependencies {
    api(libs.coroutines.android)
    // The archive for Android, with JNA's own libraries in it.
    api(variantOf(libs.jna) { artifactType("aar") })
}
