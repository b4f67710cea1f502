namespace Dftp.Http.Operation;

/// <summary>Why the fast path left a request to the server.</summary>
internal enum DeclineReason
{
    /// <summary>Its head is not plain.</summary>
    Head,

    /// <summary>Its target is not that of a file.</summary>
    Target,

    /// <summary>The policy forbids it.</summary>
    Policy,

    /// <summary>No file is at the path, or a large one.</summary>
    File,

    /// <summary>The client is to be sent to the file's holder.</summary>
    Redirect,

    /// <summary>The file cannot be opened, or is another version by now.</summary>
    Open,

    /// <summary>The file or the client's connection broke off before the answer was complete.</summary>
    Read,

    /// <summary>The answer's header fields are too long.</summary>
    Fields,

    /// <summary>An exception that nothing expects.</summary>
    Defect,
}
