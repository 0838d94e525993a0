import Foundation

// UniFFI does not carry the cancelling of a task into Rust, a token does. So these, which
// are chosen before the generated ones of the same names, give every call one.
extension Crew {
    /// Enrols this device with HQ, by the bytes of an invitation that HQ made.
    ///
    /// - Throws: `CrewError`; `CrewError.CallCancelled` if the task was cancelled
    public func enrol(invitation: Data) async throws {
        try await untilCancelled { try await self.enrol(invitation: invitation, cancel: $0) }
    }

    /// Enrols a further phone of somebody who has one, or had one, with HQ.
    ///
    /// - Throws: `CrewError`; `CrewError.WrongRecoveryCode` if the code is mistyped or somebody
    ///   else's, `CrewError.CallCancelled` if the task was cancelled
    public func enrolVouched(invitation: Data, vouchedBy: VouchedBy) async throws {
        try await untilCancelled {
            try await self.enrolVouched(invitation: invitation, vouchedBy: vouchedBy, cancel: $0)
        }
    }

    /// Fetches HQ's time, the jobs and the depot's rolls. Do it before the crew goes where
    /// there is no network.
    ///
    /// - Throws: `CrewError`; `CrewError.CallCancelled` if the task was cancelled
    @discardableResult
    public func fetch() async throws -> Fetched {
        try await untilCancelled { try await self.fetch(cancel: $0) }
    }

    /// Delivers what waits to HQ, once through the queue. What was receipted before an error
    /// stays receipted.
    ///
    /// - Throws: `CrewError`; `CrewError.CallCancelled` if the task was cancelled
    @discardableResult
    public func sync() async throws -> Delivered {
        try await untilCancelled { try await self.sync(cancel: $0) }
    }

    /// Sends the photos that wait, each from where HQ is. Do it after `sync`, which brings the
    /// acts that name them. On a network that costs by the byte it sends nothing, unless any
    /// network will do.
    ///
    /// - Throws: `CrewError`; `CrewError.Metered` on such a network, `CrewError.CallCancelled`
    ///   if the task was cancelled
    @discardableResult
    public func upload(over: UploadOver = .unmetered) async throws -> Uploaded {
        try await untilCancelled { try await self.upload(over: over, cancel: $0) }
    }
}

/// Makes a call with a token that is cancelled with the task.
private func untilCancelled<Answer: Sendable>(
    _ call: @Sendable (CancelToken) async throws -> Answer
) async throws -> Answer {
    let token = CancelToken()
    return try await withTaskCancellationHandler {
        try await call(token)
    } onCancel: {
        token.cancel()
    }
}
