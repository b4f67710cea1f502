namespace Dftp.Http.Operation;

/// <summary>Why the fast path left a request to the server.</summary>
internal enum DeclineReason
{
    /// <summary>Its head is not plain.</summary>
    Head,

    /// <summary>Its target is not a file's.</summary>
    Target,

    /// <summary>The policy forbids it.</summary>
    Policy,

    /// <summary>The path is not a file, or the file is large.</summary>
    File,

    /// <summary>The client must be redirected to a holder.</summary>
    Redirect,

    /// <summary>The file cannot be opened, or has changed.</summary>
    Open,

    /// <summary>The file or the client's connection broke off before the answer was complete.</summary>
    Read,

    /// <summary>The answer's header fields are too long.</summary>
    Fields,

    /// <summary>An unexpected exception.</summary>
    Defect,
}
