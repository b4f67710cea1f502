namespace Dftp.Http.Operation;

/// <summary>The final response of a connection, and what becomes of the server's own.</summary>
internal sealed class Refusal
{
    /// <summary>Sent when the server has finished with the connection; null while nothing was refused.</summary>
    public byte[]? FinalResponse { get; set; }

    /// <summary>Whether what the server writes is dropped in favour of <see cref="FinalResponse"/>.</summary>
    public bool MutesServer { get; set; }
}
