using System.Net;
using Dftp.FileSystem;

namespace Dftp.Http;

/// <summary>A request that the fast path may answer, for the policy that decides it (<see cref="HttpOptions.AllowsFastPath"/>).</summary>
/// <param name="Path">The file.</param>
/// <param name="IsLocalOnly">Whether only this node's own copy is asked for.</param>
/// <param name="Client">The client's address, where it is known.</param>
public readonly record struct PlainRequest(VirtualPath Path, bool IsLocalOnly, IPAddress? Client);
