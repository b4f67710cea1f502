using Dftp.FileSystem;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Files;

/// <summary>The decision on a request for a file, made before anything is opened.</summary>
/// <param name="Status">200, 206, 304, 412 or 416.</param>
/// <param name="Ranges">The bytes to send: one range for 200, one or more for 206, none for the others.</param>
/// <param name="Part">The first range as requested, independent of the file's size.</param>
internal readonly record struct FileDecision(int Status, ByteRange[] Ranges, RangeSpec Part = default)
{
    /// <summary>The order of RFC 9110 section 13.2.2.</summary>
    public static FileDecision Of(HttpRequest request, in Entry file, in Validators validators)
    {
        var preconditions = Preconditions.Read(request.Headers, validators);
        var range = HttpMethods.IsGet(request.Method) && preconditions.IfRange != Condition.Fails
            ? RangeHeader.Read(request.Headers.Range, file.Size)
            : default;
        return (preconditions, range.Kind) switch
        {
            ({ IfMatch: Condition.Fails }, _) => new(StatusCodes.Status412PreconditionFailed, []),
            ({ IfMatch: Condition.Absent, IfUnmodifiedSince: Condition.Fails }, _) => new(StatusCodes.Status412PreconditionFailed, []),
            ({ IfNoneMatch: Condition.Fails }, _) => new(StatusCodes.Status304NotModified, []),
            ({ IfNoneMatch: Condition.Absent, IfModifiedSince: Condition.Fails }, _) => new(StatusCodes.Status304NotModified, []),
            (_, RangeKind.Unsatisfiable) => new(StatusCodes.Status416RangeNotSatisfiable, []),
            (_, RangeKind.Satisfiable) => new(StatusCodes.Status206PartialContent, range.Ranges, range.First),
            _ => new(StatusCodes.Status200OK, [ByteRange.Whole(file)]),
        };
    }
}
