namespace Dftp.Http.Operation;

/// <summary>The last words to a connection's client, and what is to become of the server's own.</summary>
internal sealed class Refusal
{
    /// <summary>What is sent when the server has done with the connection; null while nothing was refused.</summary>
    public byte[]? Words { get; set; }

    /// <summary>Whether what the server writes from now on is dropped, because <see cref="Words"/> say it better.</summary>
    public bool MutesServer { get; set; }
}
