using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dftp.Node.Commands;

/// <summary>
/// How answers of nodes are read: unknown members are ignored, absent ones keep their defaults. For the latter their properties have a
/// <c>set</c>: the generated reader gives every absent <c>init</c> property its type's default instead of its own.
/// </summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ClusterReply))]
[JsonSerializable(typeof(StatusReport))]
internal sealed partial class AnswerJson : JsonSerializerContext;
