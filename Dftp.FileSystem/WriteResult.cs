using System.Diagnostics.CodeAnalysis;

namespace Dftp.FileSystem;

/// <summary>What became of a write.</summary>
public enum WriteOutcome
{
    /// <summary>There was nothing at the path.</summary>
    Created,

    /// <summary>There was something at the path, which is gone.</summary>
    Replaced,

    /// <summary>Nothing is at the path any more.</summary>
    Removed,

    /// <summary>The facts are set.</summary>
    Changed,

    /// <summary>
    /// A part of a directory was moved, copied or removed; <see cref="WriteResult.Failures"/> has the rest. Nothing is lost: each path
    /// is in its old or in its new state.
    /// </summary>
    Partial,

    /// <summary>Nothing is changed; <see cref="WriteResult.Error"/> says why.</summary>
    Refused,
}

/// <summary>The result of a write.</summary>
public sealed record WriteResult
{
    private WriteResult(WriteOutcome outcome) => Outcome = outcome;

    public WriteOutcome Outcome { get; }

    /// <summary>
    /// The entry at the path (of a move or copy: at the destination) as the holder has it on disk, with its version. Null when nothing
    /// is there, and after an error.
    /// </summary>
    public Entry? Entry { get; private init; }

    /// <summary>
    /// The nodes whose disks have the change (for a removal: had it), the path's first holder first. Empty after an error.
    /// </summary>
    public IReadOnlyList<NodeName> Holders { get; private init; } = [];

    /// <summary>Names the write for <see cref="IWritableTree.ContainsAsync"/>; null after an error.</summary>
    public WriteToken? Token { get; private init; }

    /// <summary>Why nothing was changed.</summary>
    public WriteError? Error { get; private init; }

    /// <summary>What failed below a directory, in the order of a walk; not empty only for <see cref="WriteOutcome.Partial"/>.</summary>
    public IReadOnlyList<WriteError> Failures { get; private init; } = [];

    /// <param name="outcome">Created, Replaced, Removed or Changed.</param>
    /// <param name="entry">See <see cref="Entry"/>.</param>
    /// <param name="holders">See <see cref="Holders"/>.</param>
    /// <param name="token">See <see cref="Token"/>.</param>
    public static WriteResult Done(WriteOutcome outcome, Entry? entry, IReadOnlyList<NodeName> holders, WriteToken token) =>
        new(outcome) { Entry = entry, Holders = holders, Token = token };

    /// <summary>A part of a directory.</summary>
    public static WriteResult Partly(Entry? entry, IReadOnlyList<NodeName> holders, WriteToken token, IReadOnlyList<WriteError> failures) =>
        new(WriteOutcome.Partial) { Entry = entry, Holders = holders, Token = token, Failures = failures };

    public static WriteResult Failed(WriteError error) => new(WriteOutcome.Refused) { Error = error };

    public static WriteResult Failed(WriteErrorKind kind, VirtualPath path, string message) => Failed(new WriteError(kind, path, message));
}

/// <summary>
/// All reasons why a path is not written. Front ends map each to one status or reply code; the codes here are WebDAV's (RFC 4918) and
/// FTP's (RFC 959).
/// </summary>
public enum WriteErrorKind
{
    /// <summary>Nothing is at the path (404; 550).</summary>
    NotFound,

    /// <summary>The parent of the path does not exist (409; 553).</summary>
    NoParent,

    /// <summary>The path is a directory, and the write is one of a file (405; 550).</summary>
    IsDirectory,

    /// <summary>The path, or one above it, is a file where a directory is needed (409; 550).</summary>
    NotADirectory,

    /// <summary>The directory has entries (409; 550).</summary>
    NotEmpty,

    /// <summary>Something is at the path that had to be empty (412, for MKCOL 405; 550). <see cref="WriteError.Current"/> is set.</summary>
    Exists,

    /// <summary>
    /// What is at the path is not what the condition says, or was changed during the write (412; 550). <see cref="WriteError.Current"/>
    /// is set unless nothing is there.
    /// </summary>
    PreconditionFailed,

    /// <summary>
    /// The current file ends before the content's offset (409 with the size; 554, RFC 3659, section 5.3). <see
    /// cref="WriteError.Current"/> is set unless nothing is there, which is a size of 0.
    /// </summary>
    OffsetMismatch,

    /// <summary>Source and destination are the same, or one is below the other (403, RFC 4918, sections 9.8.5 and 9.9.4; 553).</summary>
    Overlap,

    /// <summary>The name is reserved, or the holder's file system does not take it (403; 553).</summary>
    NameNotAllowed,

    /// <summary>No node that could take the content has the space (507; 452).</summary>
    NoSpace,

    /// <summary>The content is larger than a file may become (413; 552).</summary>
    TooLarge,

    /// <summary>The principal, or a node that holds the path, does not permit it (403; 550). The message says who and why.</summary>
    Forbidden,

    /// <summary>No node takes writes at all (403; 550).</summary>
    ReadOnly,

    /// <summary>The content has not the digest that was sent with it (400; 550).</summary>
    DigestMismatch,

    /// <summary>The body was cut, or is shorter or longer than announced (400; 426).</summary>
    IncompleteBody,

    /// <summary>Too many writes are pending. A later retry can succeed (503; 450).</summary>
    Busy,

    /// <summary>A node that must take part does not answer. A later retry can succeed (503; 450).</summary>
    Unreachable,

    /// <summary>The holder's disk or connection failed (500; 451).</summary>
    Failed,
}

/// <summary>Why a path was not written.</summary>
/// <param name="Kind">What went wrong.</param>
/// <param name="Path">The path that it concerns, which may lie below the one of the request.</param>
/// <param name="Message">A sentence for the user, without a full stop, that names the path and, where one is to blame, the node.</param>
public sealed record WriteError(WriteErrorKind Kind, VirtualPath Path, string Message)
{
    /// <summary>What is at the path instead, with its version.</summary>
    public Entry? Current { get; init; }
}

/// <summary>
/// Names a write so that any node can be asked to wait for it. Its text fits into a header field; what it says is the tree's business.
/// </summary>
public readonly record struct WriteToken
{
    public const int MaxCharacters = 512;

    private readonly string? _text;

    private WriteToken(string text) => _text = text;

    /// <returns>False unless the text is 1 to <see cref="MaxCharacters"/> visible ASCII characters.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out WriteToken token)
    {
        token = default;
        if (text is not { Length: > 0 and <= MaxCharacters } || text.AsSpan().ContainsAnyExceptInRange('!', '~')) return false;
        token = new WriteToken(text);
        return true;
    }

    public override string ToString() => _text ?? "";
}
