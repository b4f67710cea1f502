namespace Dftp.Ftp.Data;

/// <summary>Opens the next data connection: from the client (PASV, EPSV) or to it (PORT, EPRT). It serves one transfer.</summary>
internal abstract class DataEndpoint : IDisposable
{
    /// <summary>Opens the data connection.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The client cannot be reached.</exception>
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    public abstract Task<DataConnection> ConnectAsync(CancellationToken cancellationToken);

    public abstract void Dispose();
}
